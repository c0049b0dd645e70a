/* pshpack8.h: structures are packed to 8 byte(s) until poppack.h. Included many times. */
#pragma pack(push, 8)
