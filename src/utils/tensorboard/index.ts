// torch.utils.tensorboard: writing and reading event files. For Node.js, with the packages @bufbuild/protobuf and fast-png.
import '../../surface/install.ts';

export {
  type Event,
  EventFileReader,
  type EventRecord,
  type HistogramProto,
  type NodeDef,
  read_events,
  type ReadEventsOptions,
  type SummaryValue,
  type TensorProto,
  type TensorShapeProto,
} from './events.ts';
export type { FigureLike, FigurePixels } from './figure.ts';
export { FileWriter } from './file_writer.ts';
export { SummaryWriter } from './writer.ts';
export type { SummaryWriterOptions } from './writer_arguments.ts';
