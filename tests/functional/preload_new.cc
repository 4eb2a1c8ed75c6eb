// SPDX-License-Identifier: ISC
// preload_new.cc - a program that knows nothing of libkmem: new and delete.
#include "config.h"

#include <cstdint>
#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace
{

struct alignas(256) Wide {
	char byte[256];
};

int asked;

void give_up()
{
	asked++;
	std::set_new_handler(nullptr);
}

// What cannot be had throws, after the handler was asked; or is null.
bool fails_as_it_should()
{
	volatile std::size_t much =
	    std::numeric_limits<std::ptrdiff_t>::max() / 2;

	if (new (std::nothrow) char[much] != nullptr)
		return false;
	std::set_new_handler(give_up);
	try {
		std::unique_ptr<char[]> p(new char[much]);
	} catch (const std::bad_alloc &) {
		return asked == 1;
	}
	return false;
}

std::size_t fill()
{
	std::map<int, std::string> map;
	std::vector<std::string> copies;
	std::size_t sum = 0;

	for (int i = 0; i < 20000; i++)
		map[i * 7919 % 20011] = std::string(i % 90, 'x');
	for (const auto &pair : map)
		copies.push_back(pair.second);
	for (const auto &text : copies)
		sum += text.size();
	return sum;
}

} // namespace

int main()
{
	std::unique_ptr<Wide> one(new Wide);
	std::unique_ptr<Wide[]> many(new Wide[3]);
	std::vector<std::thread> threads;
	std::vector<std::size_t> sums(4);

	if ((reinterpret_cast<std::uintptr_t>(one.get()) |
		reinterpret_cast<std::uintptr_t>(many.get())) %
		256 !=
	    0)
		return 1;
	for (auto &sum : sums)
		threads.emplace_back([&sum] { sum = fill(); });
	for (auto &thread : threads)
		thread.join();
	for (auto sum : sums)
		std::printf("%zu\n", sum);
	std::printf("%s\n", fails_as_it_should() ? "bad_alloc" : "wrong");
	return 0;
}
