import type { Tensor } from '../../../src/index.ts';
import type { Script, Torch } from './log.ts';

/** Sequences classified by a bidirectional recurrent network of two layers: Adam, dropout between layers, clipped gradients. */
const classifier =
  (cell: (nn: Torch['nn']) => Torch['nn']['LSTM'] | Torch['nn']['GRU']): Script =>
  (torch, log) => {
    const { nn } = torch;
    const F = nn.functional;

    torch.manual_seed(3);
    const X = torch.randn(96, 12, 6);
    const Y = X.at(':', ':', ':4').cumsum(1).abs().amax(1).argmax(1);

    class Classifier extends nn.Module {
      rnn: (x: Tensor) => readonly [output: Tensor, state: unknown] = new (cell(nn))(6, 10, {
        num_layers: 2,
        bidirectional: true,
        batch_first: true,
        dropout: 0.2,
      });
      fc = new nn.Linear(20, 4);
      override forward(x: Tensor): Tensor {
        const [out] = this.rnn(x);
        return this.fc(out.at(':', -1));
      }
    }

    const model = new Classifier();
    const optimizer = new torch.optim.Adam(model.parameters(), { lr: 0.01 });
    log.checkpoint('start', model);
    for (let step = 0; step < 30; step++) {
      const index = torch.randint(0, 96, [24]);
      const [x, y] = [X.at(index), Y.at(index)];
      if (step === 0) {
        log.log_tensor('first x', x);
        log.log_tensor('first y', y);
      }
      optimizer.zero_grad();
      const loss = F.cross_entropy(model(x), y);
      loss.backward();
      const norm = nn.utils.clip_grad_norm_(model.parameters(), 0.5);
      optimizer.step();
      log.log_loss(loss);
      log.log_metrics({ grad_norm: norm.item() });
      if (step === 0) log.checkpoint('step 1', model);
    }
    log.checkpoint('end', model);
  };

export const lstm = classifier((nn) => nn.LSTM);
export const gru = classifier((nn) => nn.GRU);
