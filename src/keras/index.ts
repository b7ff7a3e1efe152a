// The notes' torchkeras: networks that train themselves, and tables of their layers. Imports from nn/, optim/, serialization/, utils/ and below.
import '../surface/install.ts';

export * as callbacks from './callbacks/index.ts';
export { type Metrics, printbar } from './log.ts';
export { type Batch, type Batches, type CompileSettings, type Features, type FitSettings, Model } from './model.ts';
export { type InputType, type Shape, type SummarySettings, summary, summary_text } from './summary.ts';
export { Table } from '../utils/table.ts';
