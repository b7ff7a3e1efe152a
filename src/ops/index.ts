// All operator families. Each file declares its operators when it is loaded.
import './create.ts';
import './pointwise.ts';
import './view.ts';
import './reduce.ts';
import './matmul.ts';
