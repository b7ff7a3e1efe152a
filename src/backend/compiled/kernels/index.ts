// All accelerated families. Each file declares its entries when it is loaded.
import './attention.ts';
import './data.ts';
import './fft.ts';
import './image.ts';
import './linalg.ts';
import './nn.ts';
import './random.ts';
import './recurrent.ts';
import './reduce.ts';
