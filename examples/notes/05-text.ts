// 文本: a dictionary, one file a sample, and two text CNNs. Run: npx tsx examples/notes/05-text.ts [epochs]
// The notes use the IMDB reviews; here mails from the SpamAssassin corpus stand in for them, spam (1) or not (0).
// 05-text.py is the same in PyTorch, with a baseline to compare with; it reads the texts that this one writes.
import { writeFileSync } from 'node:fs';
import * as torch from 'flambeau';
import { nn, type Tensor } from 'flambeau';
import { Model } from 'flambeau/keras';
import { build_word_dict, imdbDataset, split_samples, spam_assassin, text_to_token } from 'flambeau/text';
import { DataLoader } from 'flambeau/utils/data';
import { out } from './out.ts';

const { print } = torch;
const section = (name: string): void => print(`\n--- ${name} ---`);

const MAX_WORDS = 10000; // 仅考虑最高频的10000个词
const MAX_LEN = 200; // 每个样本保留200个词的长度
const BATCH_SIZE = 20;
const EPOCHS = Number(process.argv[2] ?? 10);

section('准备数据');
const mails = await spam_assassin();
const path = (name: string): string => out('mail', name);
for (const [name, part] of Object.entries(mails) as [string, typeof mails.train][])
  writeFileSync(path(`${name}.tsv`), part.map(({ label, text }) => `${label}\t${text}\n`).join(''));
print('len(train) = ', mails.train.length);
print('len(test) = ', mails.test.length);

section('构建词典');
const word_dict = build_word_dict(path('train.tsv'), { max_words: MAX_WORDS });
print(word_dict.head(10));

section('转换token, 分割样本');
for (const name of ['train', 'test']) {
  text_to_token(path(`${name}.tsv`), path(`${name}_token.tsv`), word_dict, { max_len: MAX_LEN });
  split_samples(path(`${name}_token.tsv`), path(`${name}_samples`));
}

section('创建数据集');
const ds_train = new imdbDataset(path('train_samples'));
const ds_test = new imdbDataset(path('test_samples'));
print(ds_train.length);
print(ds_test.length);
const dl_train = new DataLoader(ds_train, { batch_size: BATCH_SIZE, shuffle: true });
const dl_test = new DataLoader(ds_test, { batch_size: BATCH_SIZE });
for (const [features, labels] of dl_test) {
  print(features);
  print(labels);
  break;
}

/** 准确率 */
function accuracy(y_pred: Tensor, y_true: Tensor): Tensor {
  const chosen = torch.where(y_pred.gt(0.5), torch.ones_like(y_pred), torch.zeros_like(y_pred));
  return torch.mean(torch.sub(1, torch.abs(y_true.sub(chosen))));
}
/** Trains as the notes do, then prints accuracy and F1 on all test mails. */
async function train(model: Model<nn.Module> & { forward(x: Tensor): Tensor }): Promise<void> {
  model.compile({
    loss_func: new nn.BCELoss(),
    optimizer: new torch.optim.Adagrad(model.parameters(), { lr: 0.02 }),
    metrics_dict: { accuracy },
  });
  const began = performance.now();
  await model.fit(EPOCHS, dl_train, { dl_val: dl_test, log_step_freq: 200 });
  const seconds = (performance.now() - began) / 1000;

  const spam = (await model.predict(dl_test)).gt(0.5).squeeze(1);
  const truth = torch.tensor(mails.test.map(({ label }) => label === 1));
  const found = spam.logical_and(truth).sum().item();
  const f1 = (2 * found) / (spam.sum().item() + truth.sum().item());
  const right = spam.eq(truth).sum().item() / mails.test.length;
  print(`${model.constructor.name}: accuracy ${right.toFixed(4)}, F1 ${f1.toFixed(4)}, ${seconds.toFixed(1)} s`);
}

section('构建模型');
class Net extends Model {
  static override readonly __name__ = 'Net';
  // 设置padding_idx参数后将在训练过程中将填充的token始终赋值为0向量
  embedding = new nn.Embedding({ num_embeddings: MAX_WORDS, embedding_dim: 3, padding_idx: 1 });
  conv = new nn.Sequential();
  dense = new nn.Sequential();
  constructor() {
    super();
    this.conv.add_module('conv_1', new nn.Conv1d({ in_channels: 3, out_channels: 16, kernel_size: 5 }));
    this.conv.add_module('pool_1', new nn.MaxPool1d({ kernel_size: 2 }));
    this.conv.add_module('relu_1', new nn.ReLU());
    this.conv.add_module('conv_2', new nn.Conv1d({ in_channels: 16, out_channels: 128, kernel_size: 2 }));
    this.conv.add_module('pool_2', new nn.MaxPool1d({ kernel_size: 2 }));
    this.conv.add_module('relu_2', new nn.ReLU());

    this.dense.add_module('flatten', new nn.Flatten());
    this.dense.add_module('linear', new nn.Linear(6144, 1));
    this.dense.add_module('sigmoid', new nn.Sigmoid());
  }
  override forward(x: Tensor): Tensor {
    return this.dense(this.conv(this.embedding(x).transpose(1, 2)));
  }
}
torch.manual_seed(0);
const model = new Net();
print(model);
model.summary({ input_shape: [MAX_LEN], input_dtype: torch.LongTensor });

section('训练模型');
await train(model);

section('与位置无关的卷积网络');
// The notes' network gives a word three numbers and weighs every place of a text by itself: 4,660 mails are few for that. Kim's (2014,
// https://aclanthology.org/D14-1181) asks only whether a phrase occurs anywhere, and finds more than a linear model of word counts does.
class KimCNN extends Model {
  static override readonly __name__ = 'KimCNN';
  embedding = new nn.Embedding(MAX_WORDS, 32, { padding_idx: 1 });
  /** Each finds phrases of one, two or three words; the maximum is taken over all places of the text. */
  convs = new nn.ModuleList<nn.Sequential>(
    [1, 2, 3].map(
      (words) => new nn.Sequential(new nn.Conv1d(32, 64, words), new nn.MaxPool1d(MAX_LEN - words + 1), new nn.ReLU(), new nn.Flatten()),
    ),
  );
  dropout = new nn.Dropout(0.5);
  linear = new nn.Linear(3 * 64, 1);
  override forward(x: Tensor): Tensor {
    const words = this.embedding(x).transpose(1, 2);
    const phrases = [...this.convs].map((conv) => conv(words));
    return this.linear(this.dropout(torch.cat(phrases, 1))).sigmoid();
  }
}
torch.manual_seed(0);
const kim = new KimCNN();
kim.summary({ input_shape: [MAX_LEN], input_dtype: torch.LongTensor });
await train(kim);
