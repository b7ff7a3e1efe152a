// torchvision.datasets (https://pytorch.org/vision/stable/datasets.html): pictures in folders, digits, noise.
import '../../surface/install.ts';

export { FakeData } from './fakedata.ts';
export {
  async_loader,
  DatasetFolder,
  default_loader,
  find_classes,
  has_file_allowed_extension,
  ImageFolder,
  IMG_EXTENSIONS,
  is_image_file,
  type Loader,
  make_dataset,
  pil_loader,
  type Sample,
} from './folder.ts';
export { FashionMNIST, MNIST, read_image_file, read_label_file, read_sn3_pascalvincent_tensor } from './mnist.ts';
export { type Transform, VisionDataset } from './vision.ts';
