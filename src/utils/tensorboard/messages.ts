// Protocol buffer messages as plain objects with TensorBoard's own field names: what read_events gives.
import type { DescField, Message } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';

/**
 * A message as an object: fields by their names in the .proto file, those that are not set left out, enums by name, int64 as bigint,
 * bytes as Uint8Array.
 */
export function plain<T extends Message>(schema: GenMessage<T>, message: T): Record<string, unknown> {
  return plainMessage(reflect(schema, message, false));
}
function plainMessage(message: ReflectMessage): Record<string, unknown> {
  const fields = message.fields.filter((field) => message.isSet(field));
  return Object.fromEntries(fields.map((field) => [field.name, plainField(field, message)]));
}
function plainField(field: DescField, message: ReflectMessage): unknown {
  switch (field.fieldKind) {
    case 'list':
      return Array.from(message.get(field), (item) => plainValue(field.listKind === 'enum' ? field.enum : null, item));
    case 'map':
      return Object.fromEntries(
        Array.from(message.get(field), ([key, item]) => [String(key), plainValue(field.mapKind === 'enum' ? field.enum : null, item)]),
      );
    default:
      return plainValue(field.fieldKind === 'enum' ? field.enum : null, message.get(field));
  }
}
function plainValue(names: { readonly value: Readonly<Record<number, { readonly name: string }>> } | null, value: unknown): unknown {
  if (names) return names.value[value as number]?.name ?? value;
  return isReflected(value) ? plainMessage(value) : value;
}
const isReflected = (value: unknown): value is ReflectMessage =>
  typeof value === 'object' && value !== null && 'message' in value && 'desc' in value;
