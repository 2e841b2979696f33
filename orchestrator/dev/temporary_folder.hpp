// A folder that exists as long as this object.
#pragma once
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace skald::dev {
class temporary_folder {
 public:
  temporary_folder() {
    const char* parent = std::getenv("TMPDIR");
    // a unix socket's path in it must stay below 108 bytes
    constexpr std::size_t longest_parent = 60;
    path_ = parent && *parent && std::strlen(parent) <= longest_parent ? parent : "/tmp";
    path_ += "/skald-dev.XXXXXX";
    if (!mkdtemp(path_.data()))
      throw std::runtime_error("cannot make a folder in the temporary folder: " +
                               std::string(std::strerror(errno)) + "; set TMPDIR to another");
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};
}  // namespace skald::dev
