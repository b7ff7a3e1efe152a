// The matrices of affine and perspective transformations; torchvision/transforms/functional.py.
import { float32, float64 } from '../../core/dtype.ts';
import { ValueError } from '../../core/errors.ts';
import { tensor } from '../../surface/construct.ts';
import { lstsq } from '../../surface/generated/linalg.ts';

type Pair = readonly [number, number];
const radians = (degrees: number): number => degrees * (Math.PI / 180);
/**
 * The first two rows of the inverse of T · C · R · S · H · C⁻¹: output places to input places. T moves, C moves the origin to the center, R
 * turns, S scales, H shears; angles in degrees.
 */
export function inverseAffine([cx, cy]: Pair, angle: number, [tx, ty]: Pair, scale: number, shear: Pair): number[] {
  const rot = radians(angle);
  const [sx, sy] = [radians(shear[0]), radians(shear[1])];
  const a = Math.cos(rot - sy) / Math.cos(sy);
  const b = (-Math.cos(rot - sy) * Math.tan(sx)) / Math.cos(sy) - Math.sin(rot);
  const c = Math.sin(rot - sy) / Math.cos(sy);
  const d = (-Math.sin(rot - sy) * Math.tan(sx)) / Math.cos(sy) + Math.cos(rot);
  const m = [d, -b, 0, -c, a, 0].map((x) => x / scale) as [number, number, number, number, number, number];
  m[2] += m[0] * (-cx - tx) + m[1] * (-cy - ty);
  m[5] += m[3] * (-cx - tx) + m[4] * (-cy - ty);
  m[2] += cx;
  m[5] += cy;
  return m;
}

/** Four corners: top left, top right, bottom right, bottom left. */
export type Corners = readonly (readonly number[])[];
/**
 * a … h of (x, y) ↦ ((a x + b y + c) / (g x + h y + 1), (d x + e y + f) / (g x + h y + 1)), which takes the end points to the start points.
 * @throws ValueError unless there are four corners each.
 */
export function perspectiveCoefficients(startpoints: Corners, endpoints: Corners): number[] {
  if (startpoints.length !== 4 || endpoints.length !== 4) {
    throw new ValueError(`Please provide exactly four corners, got ${startpoints.length} startpoints and ${endpoints.length} endpoints.`);
  }
  const rows = endpoints.flatMap(([x, y], i) => {
    const [u, v] = startpoints[i] as [number, number];
    return [
      [x!, y!, 1, 0, 0, 0, -u * x!, -u * y!],
      [0, 0, 0, x!, y!, 1, -v * x!, -v * y!],
    ];
  });
  const { solution } = lstsq(tensor(rows, { dtype: float64 }), tensor(startpoints.flat(), { dtype: float64 }).view(8, 1));
  return solution.view(8).to(float32).tolist() as number[];
}
