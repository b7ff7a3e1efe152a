// Prints digests of what must have the same bits everywhere: samplers, initialisations, integers, comparisons, data movement.
import { createHash } from 'node:crypto';
import * as torch from '../../src/index.ts';

type Tensor = torch.Tensor;
const { nn } = torch;
const N = 70_001;
const empty = (dtype: torch.DType = torch.float32): Tensor => torch.empty([N], { dtype });
const weights = (): Tensor => torch.empty([64, 32, 3, 3]);

const SAMPLES: Readonly<Record<string, () => Tensor>> = {
  rand: () => torch.rand([N]),
  'rand float64': () => torch.rand([N], { dtype: torch.float64 }),
  'rand bfloat16': () => torch.rand([N], { dtype: torch.bfloat16 }),
  'rand of few': () => torch.rand([7]),
  randn: () => torch.randn([N]),
  'randn of few': () => torch.randn([13]),
  'randn transposed': () => torch.randn([31, 17]).t().contiguous().normal_(),
  'randn float16': () => torch.randn([N], { dtype: torch.float16 }),
  randint: () => torch.randint(-50, 1000, [N]),
  'randint wide': () => torch.randint(0, 2 ** 40, [N]),
  randperm: () => torch.randperm(N),
  bernoulli: () => torch.bernoulli(torch.full([N], 0.3)),
  bernoulli_: () => empty().bernoulli_(0.7),
  uniform_: () => empty().uniform_(-3, 7),
  normal_: () => empty().normal_(2, 0.25),
  exponential_: () => empty().exponential_(1.5),
  geometric_: () => empty().geometric_(0.2),
  log_normal_: () => empty().log_normal_(),
  cauchy_: () => empty().cauchy_(),
  random_: () => empty(torch.int64).random_(),
  multinomial: () => torch.multinomial(torch.arange(1, 1001, { dtype: torch.float32 }), 5000, true),
  poisson: () => torch.poisson(torch.full([5000], 3.5)),
  dropout: () => nn.functional.dropout(torch.ones([N]), 0.4),
  dropout2d: () => nn.functional.dropout2d(torch.ones([8, 64, 4, 4]), 0.4),
  kaiming_uniform_: () => nn.init.kaiming_uniform_(weights()),
  xavier_normal_: () => nn.init.xavier_normal_(weights()),
  trunc_normal_: () => nn.init.trunc_normal_(weights()),
  'Linear and Conv2d': () =>
    torch.cat([...new nn.Linear(37, 41).parameters(), ...new nn.Conv2d(5, 7, 3).parameters()].map((p) => p.detach().flatten())),
  'integer arithmetic': () => {
    const x = torch.randint(-(2 ** 52), 2 ** 52, [N]);
    return x.mul(x.add(7)).bitwise_xor(x).remainder(1_000_003);
  },
  'fused arithmetic': () => {
    const [x, y, z] = [torch.randn([N]), torch.randn([N]), torch.randn([N])];
    return torch.stack([x.add(y, { alpha: 0.3 }), x.addcmul(y, z, { value: 0.7 }), x.lerp(y, z), x.dot(y).expand([N])]);
  },
  'comparisons and moves': () => {
    const x = torch.randn([211, 307]);
    return torch.where(x.gt(0), x, x.neg()).t().contiguous().sort(1).values.flip([0]);
  },
};

const digests = Object.entries(SAMPLES).map(([name, draw]) => {
  torch.manual_seed(20_24);
  const x = draw().contiguous();
  const next = torch.rand([1]); // the generator stands where it should
  const bytes = (t: Tensor): Uint8Array => {
    const a = t.view(torch.uint8).numpy().data as Uint8Array;
    return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
  };
  return [name, createHash('sha256').update(bytes(x)).update(bytes(next)).digest('hex').slice(0, 16)];
});
console.log(JSON.stringify(Object.fromEntries(digests)));
