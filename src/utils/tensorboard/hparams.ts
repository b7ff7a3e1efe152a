// The three summaries of the hparams plugin: what was tried, with which values, and that it ended.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { ListValueSchema, ValueSchema } from '@bufbuild/protobuf/wkt';
import { ValueError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import {
  HParamInfo_Type,
  type HParamInfoSchema,
  HParamsPluginDataSchema,
  SessionEndInfo_Status,
  type Summary,
} from './generated/tensorboard_pb.ts';
import { pluginSummary } from './plugin.ts';
import { make_np } from './values.ts';

export type HParam = number | bigint | string | boolean | Tensor | null | undefined;
export type HParams = Readonly<Record<string, HParam>>;
/** The values that hyperparameters may have. */
export type Domains = Readonly<Record<string, readonly (number | bigint | string | boolean)[]>>;

const PLUGIN = 'hparams';
type Kind = 'string_value' | 'number_value';
function valueOf(x: number | bigint | string | boolean): MessageInitShape<typeof ValueSchema> {
  // Python's bool is an int, so the real writer's values are numbers as well.
  return typeof x === 'string' ? { kind: { case: 'stringValue', value: x } } : { kind: { case: 'numberValue', value: Number(x) } };
}
const kindOf = (x: unknown): Kind => (typeof x === 'string' ? 'string_value' : 'number_value');

/**
 * @throws TypeError for a domain of other values than its hyperparameter; ValueError for a value of another type.
 */
export function hparams(values: HParams, metrics: readonly string[], domains: Domains): readonly [Summary, Summary, Summary] {
  for (const [name, domain] of Object.entries(domains)) {
    const fits = name in values && Array.isArray(domain) && domain.every((v) => typeof v === typeof values[name]);
    if (!fits) throw new TypeError(`parameter: hparam_domain_discrete[${name}] should be a list of same type as hparam_dict[${name}].`);
  }
  const infos: MessageInitShape<typeof HParamInfoSchema>[] = [];
  const given: Record<string, MessageInitShape<typeof ValueSchema>> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined) continue;
    const plain = value instanceof Tensor ? make_np(value).data[0]! : value;
    if (!['number', 'bigint', 'string', 'boolean'].includes(typeof plain))
      throw new ValueError('value should be one of int, float, str, bool, or torch.Tensor');
    given[name] = valueOf(plain);
    const type = kindOf(plain) === 'string_value' ? HParamInfo_Type.DATA_TYPE_STRING : HParamInfo_Type.DATA_TYPE_FLOAT64;
    const discrete: MessageInitShape<typeof ListValueSchema> = { values: (domains[name] ?? []).map(valueOf) };
    infos.push({ name, type, ...(name in domains && { domain: { case: 'domainDiscrete', value: discrete } }) });
  }
  const summary = (tag: string, data: MessageInitShape<typeof HParamsPluginDataSchema>['data']): Summary =>
    pluginSummary(`_hparams_/${tag}`, PLUGIN, toBinary(HParamsPluginDataSchema, create(HParamsPluginDataSchema, { data })));
  return [
    summary('experiment', {
      case: 'experiment',
      value: { hparamInfos: infos, metricInfos: metrics.map((tag) => ({ name: { tag } })) },
    }),
    summary('session_start_info', { case: 'sessionStartInfo', value: { hparams: given } }),
    summary('session_end_info', { case: 'sessionEndInfo', value: { status: SessionEndInfo_Status.SUCCESS } }),
  ];
}
