/* SPDX-License-Identifier: ISC */
/* shm_allocator.h - a std allocator: containers that live in shm. */
#ifndef EXAMPLES_SHM_ALLOCATOR_H
#define EXAMPLES_SHM_ALLOCATOR_H
/*
 * It has no state, since each process has one chunk; so containers of it can
 * be swapped, moved and compared as those of std::allocator.
 *
 * Concurrency: as the container's; allocating itself needs no lock.
 */
#ifdef __cplusplus
#include <cstddef>
#include <limits>
#include <new>

#include <kmem.h>

template <class T> struct shm_allocator {
	using value_type = T;

	shm_allocator() = default;
	template <class U> shm_allocator(const shm_allocator<U> &) noexcept
	{
	}

	T *allocate(std::size_t n)
	{
		void *p = nullptr;

		if (n <= std::numeric_limits<std::size_t>::max() / sizeof(T))
			p = alignof(T) <= 16
				? shm_malloc(n * sizeof(T))
				: shm_memalign(alignof(T), n * sizeof(T));
		if (p == nullptr)
			throw std::bad_alloc();
		return static_cast<T *>(p);
	}

	void deallocate(T *p, std::size_t) noexcept
	{
		shm_free(p);
	}
};

template <class T, class U>
bool operator==(const shm_allocator<T> &, const shm_allocator<U> &) noexcept
{
	return true;
}

template <class T, class U>
bool operator!=(const shm_allocator<T> &, const shm_allocator<U> &) noexcept
{
	return false;
}

#endif
#endif
