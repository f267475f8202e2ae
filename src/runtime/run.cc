#include "runtime/run.h"

#include <cstdio>
#include <cstdlib>

namespace bascule {

void run_until(Loop& loop, const bool& done) {
  loop.restart();
  while (!done) {
    if (loop.run_one() == 0) {
      std::fputs("bascule: the loop ran dry before its task was done\n", stderr);
      std::abort();
    }
  }
}

}  // namespace bascule
