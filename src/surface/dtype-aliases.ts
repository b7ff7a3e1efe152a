// Old names of dtypes that stay valid: torch.float is torch.float32.
import { dtypeAliases } from '../core/dtype.ts';

export const { half, float, double, short, int, long, chalf, cfloat, cdouble } = dtypeAliases;
