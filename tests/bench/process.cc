#include "tests/bench/process.h"

#include <cstdlib>
#include <ctime>
#include <new>

namespace derwent::bench {
namespace {

long allocations = 0;

}  // namespace

long Allocations() { return allocations; }

double ProcessorSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace derwent::bench

// Counts what the whole program allocates.
void* operator new(size_t size) {
  ++derwent::bench::allocations;
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
