// Chooses the backend when the library is loaded.
import { backend } from './interface.ts';
import { reference } from './reference/index.ts';

backend.current = reference;
