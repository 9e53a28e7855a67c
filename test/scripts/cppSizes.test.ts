import { expect, test } from '@jest/globals'
import { functionsOf, oversized } from '../../scripts/steps/cppSizes.mjs'

const SOURCE = `// A comment with { a brace.
#define OPEN(x) \\
  do { (x)
namespace semples {
namespace {

constexpr int table[] = {
    1, 2,
};

struct alignas(64) Pair {
  int first() const { return 1; }
};

}  // namespace

template <class T>
T Owner<T>::twice(const char* text = "}") const {
  const auto add = [&](int value) {
    return value + '{';
  };
  return add(2) + 1'000;
}

Owner::Owner(int size) : size_(size) {
}

}  // namespace semples
`

test('functions are found in namespaces and classes, lambdas belong to the function around them', () => {
  expect(functionsOf(SOURCE)).toEqual([
    { name: 'first', line: 12, lines: 1 },
    { name: '::twice', line: 18, lines: 6 },
    { name: 'Owner::Owner', line: 25, lines: 2 },
  ])
})

test('what is as long as the limit passes, one line more does not', () => {
  const limits = { file: 28, function: 6 }
  expect(SOURCE.split('\n')).toHaveLength(29)
  expect(oversized(SOURCE, limits)).toEqual([])
  expect(oversized(SOURCE, { ...limits, function: 5 })).toEqual([
    { line: 18, problem: expect.stringContaining('twice has 6 lines, at most 5') },
  ])
  expect(oversized(SOURCE, { ...limits, file: 27 })).toEqual([{ line: 1, problem: '28 lines, at most 27' }])
})
