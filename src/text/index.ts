// Texts as tensors: tokenizers and vocabularies with torchtext's names, and the notes' pipeline from a file of texts to a dataset.
// Imports from nn/, serialization/, utils/ and below.
import '../surface/install.ts';

export {
  build_word_dict,
  clean_text,
  imdbDataset,
  pad,
  split_samples,
  text_to_token,
  type WordDict,
} from './imdb.ts';
export { type Mail, type MailCorpus, spam_assassin } from './spam-assassin.ts';
export { get_tokenizer, ngrams_iterator, type Tokenizer } from './tokenizer.ts';
export { build_vocab_from_iterator, Vocab, vocab } from './vocab.ts';
