// Batch normalisation in evaluation folded into the layer before it.
import { AssertionError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import * as torch from '../../surface/generated/torch.ts';
import type { BatchNorm1d } from '../batchnorm.ts';
import type { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from '../conv.ts';
import type { Linear } from '../linear.ts';
import type { Module } from '../module.ts';
import { Parameter } from '../parameter.ts';
import { deepcopy } from './deepcopy.ts';

type Normalisation = Pick<BatchNorm1d, 'num_features' | 'running_mean' | 'running_var' | 'eps' | 'weight' | 'bias' | 'training'>;
type Convolution = Conv1d | Conv2d | Conv3d | ConvTranspose1d | ConvTranspose2d | ConvTranspose3d;
function checkEvaluation(layer: Module, bn: Normalisation): void {
  if (layer.training || bn.training) throw new AssertionError('Fusion only for eval!');
}
function statistics(bn: Normalisation): [mean: Tensor, variance: Tensor] {
  if (bn.running_mean === null || bn.running_var === null) throw new AssertionError('bn.running_mean and bn.running_var must not be None');
  return [bn.running_mean, bn.running_var];
}
/**
 * A convolution that does what a convolution and a batch normalisation after it do, both in evaluation mode.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_eval.html.
 */
export function fuse_conv_bn_eval<M extends Convolution>(conv: M, bn: Normalisation, transpose = false): M {
  checkEvaluation(conv, bn);
  const fused = deepcopy(conv);
  [fused.weight, fused.bias] = fuse_conv_bn_weights(fused.weight, fused.bias, ...statistics(bn), bn.eps, bn.weight, bn.bias, transpose);
  return fused;
}
export function fuse_conv_bn_weights(
  conv_w: Tensor,
  conv_b: Tensor | null,
  bn_rm: Tensor,
  bn_rv: Tensor,
  bn_eps: number,
  bn_w: Tensor | null,
  bn_b: Tensor | null,
  transpose = false,
): [weight: Parameter, bias: Parameter] {
  const b = conv_b ?? torch.zeros_like(bn_rm);
  const w = bn_w ?? torch.ones_like(bn_rm);
  const rstd = bn_rv.add(bn_eps).rsqrt();
  const shape = conv_w.shape.map((_, i) => (i === (transpose ? 1 : 0) ? -1 : 1));
  const weight = conv_w.mul(w.mul(rstd).reshape(shape)).to(conv_w.dtype);
  const bias = b
    .sub(bn_rm)
    .mul(rstd)
    .mul(w)
    .add(bn_b ?? torch.zeros_like(bn_rm))
    .to((conv_b ?? conv_w).dtype);
  return [new Parameter(weight, conv_w.requires_grad), new Parameter(bias, b.requires_grad)];
}
/**
 * A linear layer that does what a linear layer and a batch normalisation after it do, both in evaluation mode.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_eval.html.
 */
export function fuse_linear_bn_eval<M extends Linear>(linear: M, bn: Normalisation): M {
  checkEvaluation(linear, bn);
  if (linear.out_features !== bn.num_features && bn.num_features !== 1) {
    throw new AssertionError(
      `To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got linear.out_features=${linear.out_features} and bn.num_features=${bn.num_features}`,
    );
  }
  const fused = deepcopy(linear);
  [fused.weight, fused.bias] = fuse_linear_bn_weights(fused.weight, fused.bias, ...statistics(bn), bn.eps, bn.weight!, bn.bias!);
  return fused;
}
export function fuse_linear_bn_weights(
  linear_w: Tensor,
  linear_b: Tensor | null,
  bn_rm: Tensor,
  bn_rv: Tensor,
  bn_eps: number,
  bn_w: Tensor,
  bn_b: Tensor,
): [weight: Parameter, bias: Parameter] {
  const b = linear_b ?? torch.zeros_like(bn_rm);
  const scale = bn_w.mul(bn_rv.add(bn_eps).rsqrt());
  const weight = linear_w.mul(scale.unsqueeze(-1).to(linear_w.dtype));
  const bias = b
    .sub(bn_rm)
    .mul(scale)
    .add(bn_b)
    .to((linear_b ?? linear_w).dtype);
  return [new Parameter(weight, linear_w.requires_grad), new Parameter(bias, b.requires_grad)];
}
