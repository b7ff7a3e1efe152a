// torch.nn: modules, their base class, parameters, initialisation and helpers. Imports from surface/ and below.
export * from './activation.ts';
export * from './batchnorm.ts';
export * from './container.ts';
export * from './conv.ts';
export * from './dropout.ts';
export * as functional from './functional.ts';
export * as init from './init.ts';
export * from './linear.ts';
export { Module } from './module.ts';
export { Buffer, Parameter } from './parameter.ts';
