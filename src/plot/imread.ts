// matplotlib.pyplot.imread is matplotlib.image.imread.
export { imread } from '../utils/conversions/imread.ts';
