// SPDX-License-Identifier: ISC
// heap_boost.cc - Boost.Interprocess behind the calls that bench_heap opens.
#include <boost/interprocess/managed_shared_memory.hpp>

#include <cstring>
#include <new>
#include <string>
#include <unistd.h>

#define BENCH_API extern "C" __attribute__((visibility("default")))

namespace ip = boost::interprocess;

static ip::managed_shared_memory *segment; // rbtree_best_fit, its default

// 0 or -1. It has no name as soon as it is mapped; a fork inherits the map.
BENCH_API int bench_boost_create(size_t size)
try {
	std::string name = "kmem-bench-" + std::to_string(getpid());

	segment =
	    new ip::managed_shared_memory(ip::create_only, name.c_str(), size);
	ip::shared_memory_object::remove(name.c_str());
	return 0;
} catch (const ip::interprocess_exception &) {
	return -1;
}

BENCH_API void *bench_boost_malloc(size_t size)
{
	return segment->allocate(size, std::nothrow);
}

BENCH_API void bench_boost_free(void *p)
{
	if (p != nullptr)
		segment->deallocate(p);
}

// In place where the next block is free.
BENCH_API void *bench_boost_realloc(void *p, size_t size)
{
	ip::managed_shared_memory::size_type got = size;
	char *old = static_cast<char *>(p), *now;

	if (p == nullptr)
		return bench_boost_malloc(size);
	now = segment->allocation_command<char>(
	    ip::expand_fwd | ip::allocate_new | ip::nothrow_allocation, size,
	    got, old);
	if (now == nullptr || old != nullptr)
		return now;
	old = static_cast<char *>(p);
	std::memcpy(now, old,
	    std::min(size, segment->get_segment_manager()->size(old)));
	segment->deallocate(old);
	return now;
}

BENCH_API size_t bench_boost_counted()
{
	return segment->get_size() - segment->get_free_memory();
}
