/* poppack.h: ends what the last pshpackN.h began. Included many times. */
#pragma pack(pop)
