// One formatter for narrow and wide text. Each directive is parsed into a Directive, then its
// argument is fetched with the width that NT gives it and written as a field.
#include "nt/format.h"

#include <wdm.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "nt/utf.h"

namespace wskrun::nt {
namespace {

constexpr unsigned kLongestField = 65535;  // Wider ones are cut, so that no format takes for ever.

struct Arguments {
  va_list list;
};

enum class Size { kDefault, kByte, kShort, kLong, kWide, k32, k64, kLongDouble };

struct Directive {
  bool left = false;
  bool plus = false;
  bool space = false;
  bool zero = false;
  bool alternative = false;
  bool has_precision = false;
  unsigned width = 0;
  unsigned precision = 0;
  Size size = Size::kDefault;
  char32_t conversion = 0;
};

// A number taken apart: sign or 0x, then digits, the last one in front.
struct Digits {
  char prefix[2] = {};
  unsigned prefix_length = 0;
  char reversed[24] = {};
  unsigned length = 0;
};

void add_digits(Digits& digits, std::uint64_t value, unsigned base, bool upper) {
  const char* const letters = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  for (; value != 0; value /= base) digits.reversed[digits.length++] = letters[value % base];
}

std::int64_t fetch_signed(Size size, Arguments& arguments) {
  switch (size) {
    case Size::kByte:
      return static_cast<signed char>(va_arg(arguments.list, int));
    case Size::kShort:
      return static_cast<short>(va_arg(arguments.list, int));
    case Size::k64:
      return va_arg(arguments.list, long long);
    default:
      return va_arg(arguments.list, int);
  }
}

std::uint64_t fetch_unsigned(Size size, Arguments& arguments) {
  switch (size) {
    case Size::kByte:
      return static_cast<unsigned char>(va_arg(arguments.list, int));
    case Size::kShort:
      return static_cast<unsigned short>(va_arg(arguments.list, int));
    case Size::k64:
      return va_arg(arguments.list, unsigned long long);
    default:
      return va_arg(arguments.list, unsigned);
  }
}

void skip_floating_point(Size size, Arguments& arguments) {
  if (size == Size::kLongDouble) {
    static_cast<void>(va_arg(arguments.list, long double));
  } else {
    static_cast<void>(va_arg(arguments.list, double));
  }
}

// Which conversions read narrow text, and which read wide text, in a format of `Char`.
template <typename Char>
bool reads_wide(const Directive& directive) {
  if (directive.size == Size::kShort) return false;
  if (directive.size == Size::kLong || directive.size == Size::kWide) return true;
  const bool other_kind = directive.conversion == 'S' || directive.conversion == 'C';
  return std::is_same_v<Char, char16_t> != other_kind;
}

template <typename Char>
class Parser {
 public:
  Parser(const Char* text, Arguments& arguments) : text_(text), arguments_(arguments) {}

  // What stands behind a '%'. `conversion` is 0 when the text ended before it.
  Directive parse() {
    Directive directive;
    parse_flags(directive);
    directive.width = parse_width(directive);
    parse_precision(directive);
    directive.size = parse_size();
    directive.conversion = static_cast<std::make_unsigned_t<Char>>(*text_);
    if (*text_ != 0) ++text_;
    return directive;
  }

  const Char* position() const { return text_; }

 private:
  bool take(char wanted) {
    if (*text_ != static_cast<Char>(wanted)) return false;
    ++text_;
    return true;
  }

  void parse_flags(Directive& directive) {
    for (;;) {
      if (take('-')) {
        directive.left = true;
      } else if (take('+')) {
        directive.plus = true;
      } else if (take(' ')) {
        directive.space = true;
      } else if (take('0')) {
        directive.zero = true;
      } else if (take('#')) {
        directive.alternative = true;
      } else {
        return;
      }
    }
  }

  unsigned parse_width(Directive& directive) {
    if (!take('*')) return parse_number();
    const int width = va_arg(arguments_.list, int);
    if (width < 0) directive.left = true;
    return std::min(width < 0 ? 0u - static_cast<unsigned>(width) : static_cast<unsigned>(width),
                    kLongestField);
  }

  void parse_precision(Directive& directive) {
    if (!take('.')) return;
    directive.has_precision = true;
    if (!take('*')) {
      directive.precision = parse_number();
      return;
    }
    const int precision = va_arg(arguments_.list, int);
    directive.has_precision = precision >= 0;  // A negative one counts as none.
    directive.precision = static_cast<unsigned>(std::max(precision, 0));
  }

  unsigned parse_number() {
    unsigned number = 0;
    for (; *text_ >= '0' && *text_ <= '9'; ++text_) {
      number = std::min(number * 10 + static_cast<unsigned>(*text_ - '0'), kLongestField);
    }
    return number;
  }

  Size parse_size() {
    if (take('h')) return take('h') ? Size::kByte : Size::kShort;
    if (take('l')) return take('l') ? Size::k64 : Size::kLong;
    if (take('w')) return Size::kWide;
    if (take('L')) return Size::kLongDouble;
    if (take('z') || take('j') || take('t')) return Size::k64;
    if (!take('I')) return Size::kDefault;
    if (text_[0] == '3' && text_[1] == '2') return text_ += 2, Size::k32;
    if (text_[0] == '6' && text_[1] == '4') text_ += 2;
    return Size::k64;  // Alone it means the size of a pointer.
  }

  const Char* text_;
  Arguments& arguments_;
};

template <typename Char>
class Formatter {
 public:
  Formatter(Char* buffer, std::size_t capacity, Arguments& arguments)
      : buffer_(buffer), capacity_(capacity), arguments_(arguments) {}

  std::size_t run(const Char* text) {
    while (*text != 0) {
      if (*text != '%') {
        put(*text++);
        continue;
      }
      Parser<Char> parser(text + 1, arguments_);
      const Directive directive = parser.parse();
      write(directive, text, parser.position());
      text = parser.position();
    }
    return length_;
  }

 private:
  void put(Char unit) {
    if (length_ < capacity_) buffer_[length_] = unit;
    ++length_;
  }

  void pad(Char unit, std::size_t count) {
    for (; count > 0; --count) put(unit);
  }

  // `begin` to `end` is the directive itself.
  void write(const Directive& directive, const Char* begin, const Char* end) {
    switch (directive.conversion) {
      case 'd':
      case 'i':
        return write_signed(directive);
      case 'u':
        return write_unsigned(directive, 10);
      case 'o':
        return write_unsigned(directive, 8);
      case 'x':
      case 'X':
        return write_unsigned(directive, 16);
      case 'p':
      case 'P':
        return write_pointer(directive);
      case 'c':
      case 'C':
        return write_character(directive);
      case 's':
      case 'S':
        return write_string(directive);
      case 'Z':
        return write_counted_string(directive);
      case 'n':
        static_cast<void>(va_arg(arguments_.list, void*));
        return;
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G':
      case 'a':
      case 'A':
        skip_floating_point(directive.size, arguments_);
        for (; begin != end; ++begin) put(*begin);
        return;
      case 0:
        return put('%');
      default:
        return put(end[-1]);  // "%%", and what means nothing stands for itself.
    }
  }

  void write_signed(const Directive& directive) {
    const std::int64_t value = fetch_signed(directive.size, arguments_);
    Digits digits;
    if (value < 0) {
      digits.prefix[digits.prefix_length++] = '-';
    } else if (directive.plus || directive.space) {
      digits.prefix[digits.prefix_length++] = directive.plus ? '+' : ' ';
    }
    const auto bits = static_cast<std::uint64_t>(value);
    add_digits(digits, value < 0 ? 0 - bits : bits, 10, false);
    write_number(directive, digits);
  }

  void write_unsigned(const Directive& directive, unsigned base) {
    const std::uint64_t value = fetch_unsigned(directive.size, arguments_);
    const bool upper = directive.conversion == 'X';
    Digits digits;
    add_digits(digits, value, base, upper);
    if (directive.alternative && base == 16 && value != 0) {
      digits.prefix[0] = '0';
      digits.prefix[1] = upper ? 'X' : 'x';
      digits.prefix_length = 2;
    }
    if (directive.alternative && base == 8) digits.reversed[digits.length++] = '0';
    write_number(directive, digits);
  }

  // All digits of a 64-bit address, upper case, without 0x.
  void write_pointer(Directive directive) {
    Digits digits;
    const void* const pointer = va_arg(arguments_.list, void*);
    add_digits(digits, reinterpret_cast<std::uintptr_t>(pointer), 16, true);
    directive.has_precision = true;
    directive.precision = 2 * sizeof pointer;
    write_number(directive, digits);
  }

  void write_number(const Directive& directive, const Digits& digits) {
    const unsigned least = directive.has_precision ? directive.precision : 1;
    unsigned zeros = least > digits.length ? least - digits.length : 0;
    const unsigned length = digits.prefix_length + zeros + digits.length;
    unsigned blanks = directive.width > length ? directive.width - length : 0;
    if (directive.zero && !directive.left && !directive.has_precision) {
      zeros += std::exchange(blanks, 0);
    }
    if (!directive.left) pad(' ', blanks);
    for (unsigned i = 0; i < digits.prefix_length; ++i) put(static_cast<Char>(digits.prefix[i]));
    pad('0', zeros);
    for (unsigned i = digits.length; i > 0; --i) put(static_cast<Char>(digits.reversed[i - 1]));
    if (directive.left) pad(' ', blanks);
  }

  void write_character(Directive directive) {
    const int character = va_arg(arguments_.list, int);
    directive.has_precision = false;
    if (reads_wide<Char>(directive)) {
      const auto unit = static_cast<char16_t>(character);
      write_text(directive, &unit, 1);
    } else {
      const auto unit = static_cast<char>(character);
      write_text(directive, &unit, 1);
    }
  }

  void write_string(const Directive& directive) {
    const void* const text = va_arg(arguments_.list, void*);
    if (text == nullptr) return write_null(directive);
    if (reads_wide<Char>(directive)) {
      write_terminated(directive, static_cast<const char16_t*>(text));
    } else {
      write_terminated(directive, static_cast<const char*>(text));
    }
  }

  void write_counted_string(const Directive& directive) {
    const void* const string = va_arg(arguments_.list, void*);
    if (directive.size == Size::kWide || directive.size == Size::kLong) {
      write_counted(directive, static_cast<const UNICODE_STRING*>(string));
    } else {
      write_counted(directive, static_cast<const STRING*>(string));
    }
  }

  template <typename String>
  void write_counted(const Directive& directive, const String* string) {
    if (string == nullptr || string->Buffer == nullptr) return write_null(directive);
    const std::size_t units = string->Length / sizeof *string->Buffer;
    write_text(directive, string->Buffer, shortened(directive, units));
  }

  template <typename Unit>
  void write_terminated(const Directive& directive, const Unit* text) {
    const std::size_t limit = shortened(directive, SIZE_MAX);
    std::size_t units = 0;
    while (units < limit && text[units] != 0) ++units;  // Never looks behind the precision.
    write_text(directive, text, units);
  }

  void write_null(const Directive& directive) {
    constexpr char kNull[] = "(null)";
    write_text(directive, kNull, shortened(directive, sizeof kNull - 1));
  }

  static std::size_t shortened(const Directive& directive, std::size_t units) {
    return directive.has_precision ? std::min<std::size_t>(units, directive.precision) : units;
  }

  template <typename Unit>
  void write_text(const Directive& directive, const Unit* text, std::size_t units) {
    const std::size_t length = directive.width == 0 ? 0 : converted_length(text, units);
    const std::size_t blanks = directive.width > length ? directive.width - length : 0;
    if (!directive.left) pad(' ', blanks);
    convert(text, units, [this](Char unit) { put(unit); });
    if (directive.left) pad(' ', blanks);
  }

  template <typename Unit>
  static std::size_t converted_length(const Unit* text, std::size_t units) {
    std::size_t length = 0;
    convert(text, units, [&length](Char) { ++length; });
    return length;
  }

  // Hands over `text` in units of the format's kind. Text of that kind goes through as it is.
  template <typename Unit, typename Put>
  static void convert(const Unit* text, std::size_t units, Put put_unit) {
    if constexpr (std::is_same_v<Unit, Char>) {
      for (std::size_t i = 0; i < units; ++i) put_unit(text[i]);
    } else {
      for (std::size_t i = 0; i < units;) {
        const Decoded next = decode(text + i, units - i);
        Char encoded[4];
        const std::size_t count = encode(next.character, encoded);
        for (std::size_t k = 0; k < count; ++k) put_unit(encoded[k]);
        i += next.units;
      }
    }
  }

  Char* const buffer_;
  const std::size_t capacity_;
  Arguments& arguments_;
  std::size_t length_ = 0;
};

template <typename Char>
std::size_t run(Char* buffer, std::size_t capacity, const Char* text, va_list arguments) {
  Arguments own;
  va_copy(own.list, arguments);
  const std::size_t length = Formatter<Char>(buffer, capacity, own).run(text);
  va_end(own.list);
  return length;
}

}  // namespace

std::size_t format(char* buffer, std::size_t capacity, const char* text, va_list arguments) {
  return run(buffer, capacity, text, arguments);
}

std::size_t format(char16_t* buffer, std::size_t capacity, const char16_t* text,
                   va_list arguments) {
  return run(buffer, capacity, text, arguments);
}

}  // namespace wskrun::nt
