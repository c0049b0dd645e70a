// Bytes as people write and read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// "01 02ff": pairs of digits, blanks between them or not. None: it is something else.
std::optional<std::vector<char>> parse_hex(std::string_view text);

// Sixteen bytes a line, with their offset and as text; each line ends with a newline.
std::string dump_hex(std::string_view bytes);
