// Says how many cases ran; fails where one did not hold. With an argument, only the threaded ones.
#include <cstdio>

#include "cases.h"

int main(int count, char**) {
  try {
    const bool threaded = count > 1;
    std::printf("%d cases\n", cases::dense_crf(threaded) + cases::pamr(threaded));
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
