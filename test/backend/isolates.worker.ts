// Trains when it is told to, and answers with digests of what came out.
import { parentPort } from 'node:worker_threads';
import { train } from './isolates.train.ts';

parentPort!.on('message', (seeds: readonly number[]) => parentPort!.postMessage(seeds.map(train)));
parentPort!.postMessage('ready');
