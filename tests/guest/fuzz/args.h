/* SPDX-License-Identifier: GPL-2.0-only */
/* How arguments are described. */
#ifndef ARGS_H
#define ARGS_H

#include "fuzz.h"

#define NUMBER(_name, _range)                                       \
	{                                                           \
		.name = _name, .kind = KIND_NUMBER, .range = _range \
	}
#define USUAL(_name, _kind, _usual)                                  \
	{                                                            \
		.name = _name, .kind = KIND_##_kind, .usual = _usual \
	}
#define ARG(_name, _kind)                           \
	{                                           \
		.name = _name, .kind = KIND_##_kind \
	}
#define BITS(_name, _mask)                                       \
	{                                                        \
		.name = _name, .kind = KIND_BITS, .range = _mask \
	}
#define CHOICE(_name, _choices)                                                                   \
	{                                                                                         \
		.name = _name, .kind = KIND_CHOICE, .range = COUNT(_choices), .choices = _choices \
	}

#endif /* ARGS_H */
