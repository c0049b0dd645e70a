// The names of devices and the symbolic links to them. io_device.cc has the devices, io_file.cc
// opens them.
#pragma once

#include <wdm.h>

#include <string>
#include <string_view>

namespace wskrun::nt {

// False: the name is taken. It stays until remove_device_name().
bool give_device_name(DEVICE_OBJECT& device, std::u16string_view name);
void remove_device_name(const DEVICE_OBJECT& device);

struct FoundDevice {
  PDEVICE_OBJECT device = nullptr;  // With a reference for the caller.
  std::u16string rest;              // Of the path, behind the device's name.
};

// What an object manager's path leads to, over links. STATUS_OBJECT_NAME_NOT_FOUND.
NTSTATUS find_device(std::u16string_view path, FoundDevice& found);

// The path for a name as programs write it: "\\.\Name", "\\?\Name" or just "Name"; one that begins
// with a single backslash is a path.
std::u16string path_of_user_name(std::u16string_view name);

}  // namespace wskrun::nt
