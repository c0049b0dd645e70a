#include "host/elf_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace wskrun::host {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ElfFile : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(mkdtemp(folder_.data()), nullptr); }
  void TearDown() override {
    unlink(path().c_str());
    rmdir(folder_.c_str());
  }
  std::string path() const { return folder_ + "/driver.so"; }
  void write(const std::string& content) { std::ofstream(path(), std::ios::binary) << content; }

  std::string folder_ = testing::TempDir() + "elf_file_XXXXXX";
};

std::string own_bytes() {
  std::ifstream own("/proc/self/exe", std::ios::binary);
  return {std::istreambuf_iterator<char>(own), std::istreambuf_iterator<char>()};
}

TEST_F(ElfFile, TellsAMissingFileAndADirectory) {
  EXPECT_THAT(why_not_loadable(path()), HasSubstr("does not exist"));
  EXPECT_THAT(why_not_loadable(folder_), HasSubstr("is a directory"));
}

TEST_F(ElfFile, TellsAWindowsBinaryFromText) {
  write("MZ\x90");
  EXPECT_THAT(why_not_loadable(path()), HasSubstr("Windows binary"));
  write("#include <wsk.h>\n");
  EXPECT_THAT(why_not_loadable(path()), HasSubstr("not a shared object"));
  write("");
  EXPECT_THAT(why_not_loadable(path()), HasSubstr("not a shared object"));
}

TEST_F(ElfFile, AcceptsAPositionIndependentImage) {
  EXPECT_EQ(why_not_loadable("/proc/self/exe"), "");
  EXPECT_THAT(missing_symbols("/proc/self/exe"), IsEmpty());
}

TEST_F(ElfFile, TellsAnObjectFileAndAnotherProcessor) {
  std::string image = own_bytes();
  image[16] = 1;  // e_type: ET_REL
  write(image);
  EXPECT_THAT(why_not_loadable(path()), HasSubstr("object file"));
  image[18] = 8;  // e_machine: MIPS
  write(image);
  EXPECT_THAT(why_not_loadable(path()), HasSubstr("another processor"));
}

// Wherever the file ends, reading it stays inside it (a sanitizer would say otherwise).
TEST_F(ElfFile, BearsATruncatedFile) {
  const std::string image = own_bytes();
  for (std::size_t size : {3u, 16u, 63u, 64u, 200u, 4096u}) {
    write(image.substr(0, size));
    EXPECT_THAT(missing_symbols(path()), IsEmpty()) << size;
  }
}

}  // namespace
}  // namespace wskrun::host
