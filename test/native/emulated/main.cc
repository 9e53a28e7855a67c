// Says how many cases ran; fails where one did not hold. The argument is the number of random orders.
#include <cstdio>
#include <cstdlib>

#include "cases.h"

int main(int count, char** words) {
  try {
    const int orders = count > 1 ? std::atoi(words[1]) : 20;
    std::printf("%d cases\n", emulated::dense_crf(orders) + emulated::pamr(orders) + emulated::interruptions());
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
