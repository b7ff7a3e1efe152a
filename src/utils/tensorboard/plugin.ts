// A summary that a plugin of TensorBoard reads.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Summary, type Summary_ValueSchema, SummarySchema } from './generated/tensorboard_pb.ts';

/** A summary of one value; `content` is what the plugin wants to know besides. */
export function pluginSummary(
  tag: string,
  pluginName: string,
  content: Uint8Array,
  value?: MessageInitShape<typeof Summary_ValueSchema>['value'],
): Summary {
  return create(SummarySchema, { value: [{ tag, value, metadata: { pluginData: { pluginName, content } } }] });
}
