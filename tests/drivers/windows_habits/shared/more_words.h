/* Included with backslashes. */
#pragma once

#define SECOND_WORD "and behind backslashes"
