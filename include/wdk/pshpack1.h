/* pshpack1.h: structures are packed to 1 byte(s) until poppack.h. Included many times. */
#pragma pack(push, 1)
