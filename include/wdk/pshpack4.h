/* pshpack4.h: structures are packed to 4 byte(s) until poppack.h. Included many times. */
#pragma pack(push, 4)
