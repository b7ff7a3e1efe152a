import type { Tensor } from './tensor.ts';
export const formatTensor = (t: Tensor): string => `tensor(${JSON.stringify(t.tolist())}, dtype=${t.dtype})`;
