// CommonJS: the entries have no top-level await, so require() loads them. Prints the backend and a layer.
const torch = require('flambeau');
const { Linear } = require('flambeau/nn');

console.log(JSON.stringify([torch.get_backend(), String(new Linear(2, 3))]));
