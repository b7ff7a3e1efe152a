// One training step. Prints the backend and whether the loss went down.
import * as torch from 'flambeau';
import { nn, optim } from 'flambeau';

torch.manual_seed(1);
const net = new nn.Sequential(new nn.Linear(10, 20), new nn.ReLU(), new nn.Linear(20, 1));
const optimizer = new optim.Adam(net.parameters());
const x = torch.randn([64, 10]);
const loss = net(x).square().mean();
loss.backward();
optimizer.step();
console.log(JSON.stringify([torch.get_backend(), loss.item() > net(x).square().mean().item()]));
