/* pshpack2.h: structures are packed to 2 byte(s) until poppack.h. Included many times. */
#pragma pack(push, 2)
