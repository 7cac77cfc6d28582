#pragma once

namespace derwent::bench {

// How often the program has allocated memory since it began. Of one thread.
long Allocations();

// Processor time of the calling thread: what else runs on the machine does not count.
double ProcessorSeconds();

}  // namespace derwent::bench
