// SPDX-License-Identifier: ISC
// visits.cc - a std::map in shm: who was here, over all runs of this program.
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <string>

#include "shm_allocator.h"

namespace
{

using text =
    std::basic_string<char, std::char_traits<char>, shm_allocator<char>>;
using visits_map = std::map<text, int, std::less<text>,
    shm_allocator<std::pair<const text, int>>>;

struct visits {
	gen_lock_t lock;
	visits_map map;
};

int visits_init(void *p)
{
	auto *v = new (p) visits;

	return lock_init(&v->lock) != nullptr ? 0 : -1;
}

// For std::lock_guard.
struct guard {
	gen_lock_t &mutex;
	void lock()
	{
		lock_get(&mutex);
	}
	void unlock()
	{
		lock_release(&mutex);
	}
};

} // namespace

int main(int argc, char **argv)
{
	if (km_attach(nullptr) != 0) {
		std::cerr << "visits: " << km_attach_why() << '\n';
		return 1;
	}
	auto *v = static_cast<visits *>(km_root_get_or_create(
	    "example.visits", sizeof(visits), visits_init));
	if (v == nullptr) {
		std::cerr << "visits: no memory\n";
		return 1;
	}
	guard mutex{ v->lock };
	std::lock_guard<guard> locked(mutex);
	for (int i = 1; i < argc; i++)
		v->map[argv[i]]++;
	for (const auto &visit : v->map)
		std::cout << visit.first << ' ' << visit.second << '\n';
	return 0;
}
