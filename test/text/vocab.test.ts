// Tokenizers and vocabularies as torchtext documents them.
import { describe, expect, it } from 'vitest';
import { build_vocab_from_iterator, get_tokenizer, ngrams_iterator, Vocab, vocab } from '../../src/text/index.ts';

describe('get_tokenizer', () => {
  it('basic_english parts punctuation from words', () => {
    const tokenizer = get_tokenizer('basic_english');
    expect(tokenizer('You can now install TorchText using pip!  Don\'t (ever) say: "no"; a.b<br />c')).toEqual(
      "you can now install torchtext using pip ! don ' t ( ever ) say no a . b c".split(' '),
    );
  });
  it('splits at white space, or by a function', () => {
    expect(get_tokenizer(null)('  A b\t c\n')).toEqual(['A', 'b', 'c']);
    expect(get_tokenizer((line) => [...line])('ab')).toEqual(['a', 'b']);
    expect(() => get_tokenizer('spacy' as 'basic_english')).toThrow('Requested tokenizer spacy');
    expect(() => get_tokenizer('basic_english', 'de')).toThrow('only available');
  });
  it('ngrams_iterator gives tokens, then pairs', () => {
    expect([...ngrams_iterator(['here', 'we', 'are'], 2)]).toEqual(['here', 'we', 'are', 'here we', 'we are']);
    expect([...ngrams_iterator(['here', 'we', 'are'], 3)].at(-1)).toBe('here we are');
  });
});

describe('Vocab', () => {
  const texts = [
    ['b', 'a', 'c', 'a'],
    ['b', 'd', '<unk>'],
  ];
  it('build_vocab_from_iterator orders by frequency, then by code point', () => {
    expect(build_vocab_from_iterator(texts).get_itos()).toEqual(['a', 'b', '<unk>', 'c', 'd']);
    expect(build_vocab_from_iterator(texts, { min_freq: 2, specials: ['<unk>', '<pad>'] }).get_itos()).toEqual([
      '<unk>',
      '<pad>',
      'a',
      'b',
    ]);
    expect(build_vocab_from_iterator(texts, { specials: ['<unk>'], special_first: false, max_tokens: 3 }).get_itos()).toEqual([
      'a',
      'b',
      '<unk>',
    ]);
    expect(build_vocab_from_iterator([['\u{1F600}', '\uFF01']]).get_itos()).toEqual(['\uFF01', '\u{1F600}']);
    expect(() => build_vocab_from_iterator(texts, { specials: ['x'], max_tokens: 1 })).toThrow('len(specials) >= max_tokens');
  });
  it('vocab keeps the order that it is given', () => {
    const v = vocab(
      new Map([
        ['z', 3],
        ['a', 1],
        ['m', 2],
      ]),
      2,
    );
    expect([v.get_itos(), v.length, v.get('m'), v(['m', 'z']), v.has('a')]).toEqual([['z', 'm'], 2, 1, [1, 0], false]);
    expect(v.get_stoi()).toEqual(
      new Map([
        ['z', 0],
        ['m', 1],
      ]),
    );
  });
  it('looks up in both directions, with a default or an error', () => {
    const v = new Vocab(['<unk>', 'a']);
    expect(() => v.get('b')).toThrow('Token b not found and default index is not set');
    v.set_default_index(0);
    expect([v.get('b'), v.get_default_index(), v.lookup_indices(['a', 'b']), v.lookup_tokens([1, 0])]).toEqual([
      0,
      0,
      [1, 0],
      ['a', '<unk>'],
    ]);
    expect(() => v.lookup_token(2)).toThrow('Specified index 2 is out of bounds for vocab of size 2');
  });
  it('grows', () => {
    const v = new Vocab(['a', 'c']);
    v.insert_token('b', 1);
    v.append_token('d');
    expect([v.get_itos(), v.lookup_indices(['a', 'b', 'c', 'd'])]).toEqual([
      ['a', 'b', 'c', 'd'],
      [0, 1, 2, 3],
    ]);
    expect(() => v.append_token('a')).toThrow('Token a already exists in the Vocab with index: 0');
    expect(() => v.insert_token('x', 9)).toThrow('Specified index 9 is out of bounds for vocab of size 4');
    expect(String(v)).toBe('Vocab()');
  });
});
