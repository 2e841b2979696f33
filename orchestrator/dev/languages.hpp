// Which language each participant of the vending machine's demo is written in. Pure.
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace skald::dev {
inline constexpr const char* vending_participants[] = {"inventory", "payments", "machine"};
inline constexpr std::string_view cpp = "cpp";

using languages = std::map<std::string, std::string>;  // participant -> cpp, python, go or java

// "payments=python,machine=java": the others are in C++. "python": all are. Throws
// std::invalid_argument with a sentence.
languages read_languages(std::string_view list);

// The broker in memory is librdkafka's, and does not understand how Go's and Java's clients begin.
bool need_real_kafka(const languages&);

// "inventory (go), payments, machine (java)"
std::string describe(const languages&);
}  // namespace skald::dev
