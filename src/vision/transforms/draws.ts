// Random numbers in torchvision's order: every draw is one call of torch.rand, uniform_ or randint, from the default generator.
import * as torch from '../../surface/generated/torch.ts';

/** `torch.rand(1)` */
export const unit = (): number => torch.rand(1).item();
/** `torch.empty(1).uniform_(low, high)` */
export const uniform = (low: number, high: number): number => torch.empty(1).uniform_(low, high).item();
/** `torch.randint(low, high, size=(1,))` */
export const integer = (low: number, high: number): number => Number(torch.randint(low, high, [1]).item());
