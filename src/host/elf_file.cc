// Reads ELF headers and the dynamic symbol table, trusting nothing in the file.
#include "host/elf_file.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

namespace wskrun::host {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half kMachine = EM_AARCH64;
#endif

// A file's bytes, mapped for as long as this lives. Empty if that failed.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    struct stat status {};
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
      size_ = static_cast<std::size_t>(status.st_size);
      memory_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    }
    close(file);
  }
  ~MappedFile() {
    if (memory_ != MAP_FAILED) munmap(memory_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const {
    if (memory_ == MAP_FAILED) return {};
    return {static_cast<const char*>(memory_), size_};
  }

 private:
  void* memory_ = MAP_FAILED;
  std::size_t size_ = 0;
};

template <typename T>
std::optional<T> read_at(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::string_view part(std::string_view bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || bytes.size() - offset < size) return {};
  return bytes.substr(offset, size);
}

std::string_view string_at(std::string_view strings, std::uint64_t offset) {
  if (offset >= strings.size()) return {};
  const std::string_view rest = strings.substr(offset);
  return rest.substr(0, rest.find('\0'));
}

std::optional<Elf64_Shdr> section(std::string_view bytes, const Elf64_Ehdr& header,
                                  std::uint64_t index) {
  return read_at<Elf64_Shdr>(bytes, header.e_shoff + index * sizeof(Elf64_Shdr));
}

std::optional<Elf64_Shdr> find_section(std::string_view bytes, const Elf64_Ehdr& header,
                                       Elf64_Word type) {
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const auto found = section(bytes, header, i);
    if (found && found->sh_type == type) return found;
  }
  return std::nullopt;
}

// Names in the dynamic symbol table that another object has to define.
std::vector<std::string> undefined_symbols(std::string_view bytes) {
  std::vector<std::string> names;
  const auto header = read_at<Elf64_Ehdr>(bytes, 0);
  if (!header) return names;
  const auto table = find_section(bytes, *header, SHT_DYNSYM);
  if (!table) return names;
  const auto strings_section = section(bytes, *header, table->sh_link);
  if (!strings_section) return names;
  const auto strings = part(bytes, strings_section->sh_offset, strings_section->sh_size);
  const auto symbols = part(bytes, table->sh_offset, table->sh_size);
  for (std::size_t i = 0; i < symbols.size() / sizeof(Elf64_Sym); ++i) {
    const auto symbol = *read_at<Elf64_Sym>(symbols, i * sizeof(Elf64_Sym));
    const bool is_wanted =
        symbol.st_shndx == SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL;
    if (is_wanted) names.emplace_back(string_at(strings, symbol.st_name));
  }
  return names;
}

std::string why_not_shared_object(std::string_view bytes) {
  constexpr const char* kMend =
      "is not a shared object; build the driver with wskrun_add_driver() in CMake";
  if (bytes.substr(0, 2) == "MZ") {
    return "is a Windows binary; wskrun runs drivers built from source: build it with "
           "wskrun_add_driver() in CMake";
  }
  const auto header = read_at<Elf64_Ehdr>(bytes, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return kMend;
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != kMachine) {
    return "was built for another processor than this machine's";
  }
  if (header->e_type == ET_REL) {
    return "is an object file; link it into a shared object (wskrun_add_driver() in CMake does)";
  }
  return header->e_type == ET_DYN ? "" : kMend;
}

}  // namespace

std::string why_not_loadable(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return "does not exist";
    return std::string("cannot be read: ") + std::strerror(errno);
  }
  if (S_ISDIR(status.st_mode)) return "is a directory, not a driver";
  if (access(path.c_str(), R_OK) != 0)
    return std::string("cannot be read: ") + std::strerror(errno);
  return why_not_shared_object(MappedFile(path).bytes());
}

std::vector<std::string> missing_symbols(const std::string& path) {
  std::vector<std::string> names = undefined_symbols(MappedFile(path).bytes());
  std::erase_if(names, [](const std::string& name) {
    return name.empty() || dlsym(RTLD_DEFAULT, name.c_str()) != nullptr;
  });
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace wskrun::host
