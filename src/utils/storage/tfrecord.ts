// flambeau/utils/storage/tfrecord: TFRecord files of tf.train.Example. The roles of the PyPI package tfrecord's TFRecordDataset,
// TFRecordWriter and create_index (https://github.com/vahidk/tfrecord). Needs @bufbuild/protobuf.
import '../../surface/install.ts';

export { decode_example, type Description, encode_example, type ExampleRecord, type FeatureKind, type FeatureValue } from './example.ts';
export { TFRecordImageFolder } from './packed-tfrecord.ts';
export { TFRecordDataset, type TFRecordDatasetOptions, TFRecordWriter } from './tfrecord-dataset.ts';
export { type Compression, create_index, RecordWriter, TFRecordFile } from './tfrecord-file.ts';
