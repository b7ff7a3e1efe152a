// Networks ready to train, with the names of torchvision and transformers where they have them. Imports from nn/ and below.
import '../surface/install.ts';
import '../surface/install.ts';

export { BertModel, type BertOptions, type BertOutput } from './bert.ts';
export { GPT, type GPTOptions } from './gpt.ts';
export { LeNet, type LeNetOptions } from './lenet.ts';
export { InvertedResidual, MobileNetV2, type MobileNetV2Options, mobilenet_v2 } from './mobilenet.ts';
export { BasicBlock, Bottleneck, ResNet, type ResNetOptions, resnet18, resnet34, resnet50 } from './resnet.ts';
export { TextCNN, type TextCNNOptions } from './text_cnn.ts';
export { UNet, type UNetOptions } from './unet.ts';
