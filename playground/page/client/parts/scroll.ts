import { type RefObject, useEffect, useRef } from "react";

/** Keeps a list at its end while new things come, unless the person has scrolled away from it. */
export function useEnd<T extends HTMLElement>(key: unknown): RefObject<T | null> {
  const ref = useRef<T>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const box = ref.current;
    if (box === null) return;
    const look = (): void => {
      atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
    };
    const settle = (): void => {
      if (atEnd.current) box.scrollTop = box.scrollHeight;
    };
    box.addEventListener("scroll", look, { passive: true });
    // Pictures, cards and transcripts grow in place.
    const sizes = new ResizeObserver(settle);
    for (const child of box.children) sizes.observe(child);
    settle();
    return () => {
      box.removeEventListener("scroll", look);
      sizes.disconnect();
    };
  });
  // Another list begins at its end.
  useEffect(() => {
    atEnd.current = true;
    if (ref.current !== null) ref.current.scrollTop = ref.current.scrollHeight;
  }, [key]);
  return ref;
}
