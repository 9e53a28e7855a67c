#include "ops/dense_crf/cpu/chains.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ops/dense_crf/cpu/passes.h"

namespace semples::dense_crf_cpu {

namespace {

// Of runs of `length` points: returns those that end there, and leaves the others in `runs`, one point longer.
template <int length>
Buffer<int32_t> split(const int32_t* next, Buffer<int32_t>& runs) {
  const int64_t count = runs.size() / length;
  Buffer<int32_t> ended((count + 1) * length + kChainPadding), others((count + 1) * (length + 1));
  int64_t ends = 0, goes_on = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int32_t* run = runs.data() + i * length;
    const int32_t following = next[run[length - 1]];
    for (int k = 0; k < length; ++k) {
      ended[ends + k] = run[k];
      others[goes_on + k] = run[k];
    }
    others[goes_on + length] = following;
    ends += following < 0 ? length : 0;
    goes_on += following < 0 ? 0 : length + 1;
  }
  runs = std::move(others);
  runs.shrink(goes_on);
  ended.shrink(ends);
  std::fill_n(ended.data() + ends, kChainPadding, 0);
  return ended;
}

Buffer<int32_t> copy(const std::vector<int32_t>& list) {
  Buffer<int32_t> buffer(static_cast<int64_t>(list.size()));
  std::copy(list.begin(), list.end(), buffer.data());
  return buffer;
}

}  // namespace

// Which chains there are is as good as random, so nothing here branches on it: every candidate is written, and the
// ends of the lists advance by 0 or 1.
Chains chains_of(const int32_t* next, int64_t points) {
  Buffer<uint8_t> has_previous(points + 1);
  has_previous.zero();
  for (int64_t i = 0; i < points; ++i) has_previous[next[i] + 1] = 1;
  Buffer<int32_t> starts(points + 1);
  int64_t count = 0;
  for (int64_t i = 0; i < points; ++i) {
    starts[count] = static_cast<int32_t>(i);
    count += (has_previous[i + 1] == 0) & (next[i] >= 0);
  }
  Chains chains;
  Buffer<int32_t> runs(count * 2);
  for (int64_t i = 0; i < count; ++i) runs[2 * i] = starts[i], runs[2 * i + 1] = next[starts[i]];
  starts = {};
  chains.pairs = split<2>(next, runs);
  chains.triples = split<3>(next, runs);
  chains.quads = split<4>(next, runs);
  std::vector<int32_t> longer, begins;
  for (int64_t i = 0; i < runs.size(); i += 5) {
    begins.push_back(static_cast<int32_t>(longer.size()));
    for (int k = 0; k < 5; ++k) longer.push_back(runs[i + k]);
    for (int32_t point = next[runs[i + 4]]; point >= 0; point = next[point]) longer.push_back(point);
  }
  begins.push_back(static_cast<int32_t>(longer.size()));
  chains.longer = copy(longer);
  chains.longer_begin = copy(begins);
  return chains;
}

}  // namespace semples::dense_crf_cpu
