// What a server cost: CPU time and memory of given processes and all their descendants, from /proc.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include <sys/types.h>

namespace bench {

// The given processes and everything that descends from them now.
std::vector<pid_t> process_tree(std::span<const pid_t> roots);

// User and system time so far, in microseconds (the kernel counts in ticks of 10 ms); children already waited for count too.
std::uint64_t cpu_microseconds(std::span<const pid_t> processes);

// Starts a new peak-memory measurement where the kernel lets us (/proc/PID/clear_refs).
void reset_peak_memory(std::span<const pid_t> processes);
std::uint64_t peak_memory_bytes(std::span<const pid_t> processes);  // sum of the processes' peaks (VmHWM)
std::uint64_t memory_bytes(std::span<const pid_t> processes);       // sum of what is resident now (VmRSS)

}  // namespace bench
