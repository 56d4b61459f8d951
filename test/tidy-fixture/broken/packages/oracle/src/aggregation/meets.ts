// A stage that knows another stage.
import { serve } from '../sources/source-service.ts';

export const served = serve;
