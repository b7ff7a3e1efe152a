// The partial sorts of the C++ library, step for step: which of several equal elements ends where is part of PyTorch's results
// (median, topk, mode). Items are places; `before(a, b)` says whether a comes first.
export type Before = (a: number, b: number) => boolean;

const INSERTION = 16;

function swap(v: number[], i: number, j: number): void {
  const t = v[i]!;
  v[i] = v[j]!;
  v[j] = t;
}
function insertionSort(v: number[], first: number, last: number, before: Before): void {
  for (let i = first + 1; i < last; i++) {
    const x = v[i]!;
    if (before(x, v[first]!)) {
      v.copyWithin(first + 1, first, i);
      v[first] = x;
    } else unguardedInsert(v, i, before);
  }
}
function unguardedInsert(v: number[], at: number, before: Before): void {
  const x = v[at]!;
  let i = at;
  while (before(x, v[i - 1]!)) {
    v[i] = v[i - 1]!;
    i--;
  }
  v[i] = x;
}
function medianToFirst(v: number[], to: number, a: number, b: number, c: number, before: Before): void {
  const [x, y, z] = [v[a]!, v[b]!, v[c]!];
  if (before(x, y)) swap(v, to, before(y, z) ? b : before(x, z) ? c : a);
  else swap(v, to, before(x, z) ? a : before(y, z) ? c : b);
}
function partition(v: number[], first: number, last: number, before: Before): number {
  medianToFirst(v, first, first + 1, first + ((last - first) >> 1), last - 1, before);
  const pivot = v[first]!;
  let [i, j] = [first + 1, last];
  for (;;) {
    while (before(v[i]!, pivot)) i++;
    j--;
    while (before(pivot, v[j]!)) j--;
    if (i >= j) return i;
    swap(v, i, j);
    i++;
  }
}

// ---- heaps --------------------------------------------------------------------------------------------------------
function sink(v: number[], first: number, hole: number, n: number, x: number, before: Before): void {
  let at = hole;
  let child = hole;
  while (child < (n - 1) >> 1) {
    child = 2 * (child + 1);
    if (before(v[first + child]!, v[first + child - 1]!)) child--;
    v[first + at] = v[first + child]!;
    at = child;
  }
  if (n % 2 === 0 && child === (n - 2) >> 1) {
    child = 2 * (child + 1);
    v[first + at] = v[first + child - 1]!;
    at = child - 1;
  }
  for (let parent = (at - 1) >> 1; at > hole && before(v[first + parent]!, x); parent = (at - 1) >> 1) {
    v[first + at] = v[first + parent]!;
    at = parent;
  }
  v[first + at] = x;
}
function popHeap(v: number[], first: number, last: number, result: number, before: Before): void {
  const x = v[result]!;
  v[result] = v[first]!;
  sink(v, first, 0, last - first, x, before);
}
function heapSelect(v: number[], first: number, middle: number, last: number, before: Before): void {
  const n = middle - first;
  for (let parent = (n - 2) >> 1; parent >= 0; parent--) sink(v, first, parent, n, v[first + parent]!, before);
  for (let i = middle; i < last; i++) if (before(v[i]!, v[first]!)) popHeap(v, first, middle, i, before);
}
function sortHeap(v: number[], first: number, last: number, before: Before): void {
  for (let end = last; end - first > 1; end--) popHeap(v, first, end - 1, end - 1, before);
}

const depthLimit = (n: number): number => 2 * Math.floor(Math.log2(Math.max(n, 1)));

/** std::partial_sort: the first `middle` places hold the smallest items in order. */
export function partialSort(v: number[], middle: number, before: Before): void {
  if (middle === 0) return;
  heapSelect(v, 0, middle, v.length, before);
  sortHeap(v, 0, middle, before);
}
/** std::nth_element. */
export function nthElement(v: number[], nth: number, before: Before): void {
  let [first, last] = [0, v.length];
  if (first === last || nth === last) return;
  let depth = depthLimit(last);
  while (last - first > 3) {
    if (depth-- === 0) {
      heapSelect(v, first, nth + 1, last, before);
      swap(v, first, nth);
      return;
    }
    const cut = partition(v, first, last, before);
    if (cut <= nth) first = cut;
    else last = cut;
  }
  insertionSort(v, first, last, before);
}
/** std::sort of the first `n` items. */
export function introSort(v: number[], n: number, before: Before): void {
  const loop = (first: number, end: number, limit: number): void => {
    let [last, depth] = [end, limit];
    while (last - first > INSERTION) {
      if (depth-- === 0) {
        heapSelect(v, first, last, last, before);
        sortHeap(v, first, last, before);
        return;
      }
      const cut = partition(v, first, last, before);
      loop(cut, last, depth);
      last = cut;
    }
  };
  if (n < 2) return;
  loop(0, n, depthLimit(n));
  if (n <= INSERTION) insertionSort(v, 0, n, before);
  else {
    insertionSort(v, 0, INSERTION, before);
    for (let i = INSERTION; i < n; i++) unguardedInsert(v, i, before);
  }
}

/** PyTorch's own quickselect (kthvalue): after it item k is at its sorted place. */
export function quickSelect(v: number[], k: number, after: Before): void {
  let [left, right] = [0, v.length - 1];
  while (right > left) {
    if (right === left + 1) {
      if (after(v[left]!, v[right]!)) swap(v, left, right);
      return;
    }
    swap(v, left + ((right - left) >> 1), left + 1);
    if (after(v[left + 1]!, v[right]!)) swap(v, left + 1, right);
    if (after(v[left]!, v[right]!)) swap(v, left, right);
    if (after(v[left + 1]!, v[left]!)) swap(v, left + 1, left);
    let [i, j] = [left + 1, right];
    const pivot = v[left]!;
    for (;;) {
      do i++;
      while (after(pivot, v[i]!));
      do j--;
      while (after(v[j]!, pivot));
      if (j < i) break;
      swap(v, i, j);
    }
    swap(v, left, j);
    if (j <= k) left = i;
    if (j >= k) right = j - 1;
  }
}
