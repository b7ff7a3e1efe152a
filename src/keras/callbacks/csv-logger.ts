// The log as a file of comma-separated values.
import { builtin } from '../../core/host.ts';
import { NotImplementedError } from '../../core/errors.ts';
import { bindArguments } from '../../nn/arguments.ts';
import type { Arguments } from '../../nn/simple.ts';
import { writeAtomically } from '../../serialization/source.ts';
import { Table } from '../../utils/table.ts';
import type { Metrics } from '../log.ts';
import { Callback } from './callback.ts';

type Files = typeof import('node:fs');
export interface CSVLoggerSettings {
  filename: string;
  separator: string;
  /** Whether to go on with the lines that are there. */
  append: boolean;
}

/** Writes a line an epoch: its number and the values of the log; see https://keras.io/api/callbacks/csv_logger/. */
export class CSVLogger extends Callback {
  readonly settings: Readonly<CSVLoggerSettings>;
  private before = '';
  private rows: Metrics[] = [];

  constructor(...args: Arguments<[filename: string, separator?: string, append?: boolean], CSVLoggerSettings>) {
    super();
    this.settings = bindArguments<CSVLoggerSettings>('CSVLogger', args, ['filename', 'separator', 'append'], {
      separator: ',',
      append: false,
    });
  }
  /** @throws NotImplementedError in a page, which has no files. */
  override on_train_begin(): void {
    const { filename, append } = this.settings;
    const files = builtin<Files>('fs');
    if (!files) throw new NotImplementedError('CSVLogger needs files, which a page does not have: use the table that fit returns');
    this.rows = [];
    this.before = append && files.existsSync(filename) ? files.readFileSync(filename, 'utf8') : '';
  }
  override on_epoch_end(epoch: number, logs: Metrics): void {
    this.rows.push({ epoch, ...logs });
    const text = Table.from_records(this.rows).to_csv({ index: false, separator: this.settings.separator });
    const lines = this.before === '' ? text : this.before + text.slice(text.indexOf('\n') + 1);
    writeAtomically(this.settings.filename, [new TextEncoder().encode(lines)]);
  }
}
